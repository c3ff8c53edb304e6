// axios alone, with a keep-alive agent.
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import axios from 'axios';

export function open(url, { appId, apiKey, apiSecret }) {
  const client = axios.create({ timeout: 15_000, httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) });
  return async (number) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sign = createHash('md5')
      .update(apiKey + apiSecret + timestamp)
      .digest('hex');
    const { data } = await client.post(
      `${url}/sendSms`,
      { appId, numbers: number, content: 'Your code is 482913' },
      {
        headers: {
          'Content-Type': 'application/json;charset=UTF-8',
          Sign: sign,
          Timestamp: timestamp,
          'Api-Key': apiKey,
        },
      },
    );
    if (data.status !== '0') throw new Error(data.status);
    return data.array[0].msgId;
  };
}
