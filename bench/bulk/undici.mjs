// The limit: one body made once, signed once, and its answer parsed; in a process that has loaded what the others have.
import { Pool } from 'undici';
import { sign } from 'nestjs-laaffic';
import { ACCOUNT, CONTENT, IN_FLIGHT, REQUEST_SIZE } from './plan.mjs';

export function open(url) {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: IN_FLIGHT });
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = {
    'Content-Type': 'application/json;charset=UTF-8',
    Sign: sign(ACCOUNT.apiKey, ACCOUNT.apiSecret, timestamp),
    Timestamp: String(timestamp),
    'Api-Key': ACCOUNT.apiKey,
  };
  const places = Array.from({ length: REQUEST_SIZE }, (_, place) => place);
  const body = JSON.stringify({
    appId: ACCOUNT.appId,
    numbers: places.map((place) => 91_850_000_000 + place).join(','),
    content: CONTENT,
    orderId: places.map((place) => `AbCdEfGhIjKl.${place.toString(36)}`).join(','),
  });
  return async (count) => {
    let [left, accepted] = [count / REQUEST_SIZE, 0];
    const worker = async () => {
      while (left-- > 0) {
        const answer = await pool.request({ path: `${pathname}/sendSms`, method: 'POST', headers, body });
        const { status, array } = JSON.parse(await answer.body.text());
        if (status !== '0') throw new Error(status);
        accepted += array.length;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return accepted;
  };
}
