import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'undici';
import { median, table } from '../report.mjs';

const [PUSHES, IN_FLIGHT, REPEATS] = [15_000, 32, 3];
let next = 0;

/** Delivery reports a second, each of another message, against an empty route of the same platform. */
export async function pushes() {
  const rows = [];
  for (const platform of ['express', 'fastify']) {
    const results = { empty: [], push: [] };
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const kind of ['empty', 'push']) results[kind].push(await measure(kind, platform));
    }
    const perSecond = (kind) => median(results[kind].map((result) => result.perSecond));
    const cpu = (kind) => median(results[kind].map((result) => result.cpu));
    rows.push([
      platform,
      perSecond('empty').toFixed(0),
      perSecond('push').toFixed(0),
      (perSecond('push') / perSecond('empty')).toFixed(2),
      (cpu('push') / cpu('empty')).toFixed(2),
    ]);
  }
  return `Pushes, ${IN_FLIGHT} in flight (median of ${REPEATS} runs of ${PUSHES})\n\n${table(
    ['platform', 'empty route/s', 'push route/s', 'ratio of rates', 'ratio of CPU'],
    rows,
  )}`;
}

async function measure(kind, platform) {
  const receiver = fork(new URL('./case.mjs', import.meta.url), [kind, platform]);
  const [url] = await once(receiver, 'message');
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: IN_FLIGHT });
  const cpuOf = async () => {
    receiver.send('cpu');
    const [{ cpu, taken }] = await once(receiver, 'message');
    return { cpu: cpu.user + cpu.system, taken };
  };
  const run = async (count) => {
    const end = next + count;
    const worker = async () => {
      while (next < end) {
        const msgid = String(2_304_252_117_461n * 1_000_000n + BigInt(next++));
        const body = `{"appId":"4luaKsL2","msgid":"${msgid}","mobile":"91856321412","status":0,"reason":"0","timestamp":1629801177192,"orderId":"21412"}`;
        const headers = { 'content-type': 'application/json;charset=UTF-8' };
        const answer = await pool.request({ path: pathname, method: 'POST', headers, body });
        await answer.body.dump();
        if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  };
  await run(PUSHES / 3);
  const [before, started] = [await cpuOf(), performance.now()];
  await run(PUSHES);
  const perSecond = (PUSHES / (performance.now() - started)) * 1000;
  const after = await cpuOf();
  if (kind === 'push' && after.taken - before.taken !== PUSHES) throw new Error('a push was lost');
  receiver.kill();
  await pool.destroy();
  return { perSecond, cpu: (after.cpu - before.cpu) / PUSHES };
}
