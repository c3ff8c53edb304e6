import { fork } from 'node:child_process';
import { once } from 'node:events';
import { installPeers } from '../peers.mjs';
import { median, table } from '../report.mjs';

const CASES = ['undici', 'nestjs-laaffic', 'axios', 'plain-nestjs-axios', 'twilio', 'vonage'];
const [ROUNDS, SENDS, REPEATS] = [3, 6_000, 4];

/** One recipient a call, 64 calls in flight; other vendors' clients against their own endpoint. */
export async function oneRecipient() {
  installPeers();
  const gateway = fork(new URL('../gateway.mjs', import.meta.url));
  const [port] = await once(gateway, 'message');
  const results = new Map(CASES.map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    // Back and forth, so that no client always comes after the same other one.
    const order = repeat % 2 === 0 ? CASES : CASES.toReversed();
    for (const name of order) results.get(name).push(await measure(name, port, gateway));
  }
  gateway.kill();

  const of = (name, key) => median(results.get(name).flatMap((result) => result[key]));
  const rows = CASES.map((name) => [
    name,
    of(name, 'cpu').toFixed(0),
    (of(name, 'cpu') / of('undici', 'cpu')).toFixed(2),
    (of(name, 'cpu') / of('plain-nestjs-axios', 'cpu')).toFixed(2),
    of(name, 'perSecond').toFixed(0),
    `${(of(name, 'gatewayBusy') * 100).toFixed(0)} %`,
    Math.max(...results.get(name).map(({ connections }) => connections)),
  ]);
  return `One recipient a call, 64 in flight (median of ${ROUNDS * REPEATS} rounds of ${SENDS})\n\n${table(
    ['client', 'CPU µs a send', '× undici', '× plain @nestjs/axios', 'sends/s', 'gateway busy', 'connections'],
    rows,
  )}`;
}

async function measure(name, port, gateway) {
  const client = fork(new URL('./case.mjs', import.meta.url), [name, `http://127.0.0.1:${port}/v3`, ROUNDS, SENDS]);
  client.on('exit', (code) => {
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
  });
  const ask = async (process) => {
    process.send('go on');
    return (await once(process, 'message'))[0];
  };
  await once(client, 'message');
  const warm = await ask(gateway);
  const rounds = await ask(client);
  const measured = await ask(gateway);
  if (measured.requests !== ROUNDS * SENDS) throw new Error(`${name} made ${measured.requests} requests`);
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  return {
    cpu: rounds.map((round) => round.cpu),
    perSecond: rounds.map((round) => SENDS / round.seconds),
    gatewayBusy: measured.cpu / 1e6 / seconds,
    connections: warm.connections + measured.connections,
  };
}
