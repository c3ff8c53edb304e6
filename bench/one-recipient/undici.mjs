// The limit: what no client on Node can beat by much. Signature and everything but the number made once.
import { createHash } from 'node:crypto';
import { Pool } from 'undici';

export function open(url, { appId, apiKey, apiSecret }) {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 64 });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers = [
    ...['Content-Type', 'application/json;charset=UTF-8'],
    ...[
      'Sign',
      createHash('md5')
        .update(apiKey + apiSecret + timestamp)
        .digest('hex'),
    ],
    ...['Timestamp', timestamp],
    ...['Api-Key', apiKey],
  ];
  return async (number) => {
    const body = `{"appId":"${appId}","numbers":"${number}","content":"Your code is 482913"}`;
    const answer = await pool.request({ path: `${pathname}/sendSms`, method: 'POST', headers, body });
    const { status, array } = JSON.parse(await answer.body.text());
    if (status !== '0') throw new Error(status);
    return array[0].msgId;
  };
}
