// One client in a process of its own: CPU and time for each send, 64 in flight, one number a round.
import { once } from 'node:events';

const [name, url, rounds, sends] = process.argv.slice(2);
const ACCOUNT = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };
const IN_FLIGHT = 64;

const { open } = await import(`./${name}.mjs`);
const send = await open(url, ACCOUNT);

async function round(count) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      if (typeof (await send(String(91_850_000_000 + next++))) !== 'string') throw new Error('no id of a message');
    }
  };
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / count, seconds: (performance.now() - started) / 1000 };
}

await round(Number(sends));
process.send('warm');
await once(process, 'message');
const results = [];
for (let i = 0; i < Number(rounds); i++) results.push(await round(Number(sends)));
process.send(results, () => process.exit(0));
