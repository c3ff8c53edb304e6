import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

const LISTENER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const server = require('node:http').createServer((request, response) => response.end(workerData.answer));
  server.listen({ host: workerData.host, port: workerData.port, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(workerData.awake), 0, 0));
  });
`;

/**
 * An address that connections are not made to: its listener does not take them in until it is woken, and the system
 * drops the packets of all that do not fit into its queue. Woken, it gets what is sent again, after a second; it is an HTTP
 * server that gives the same answer to all.
 */
export async function deafListener(host: string, port = 0, answer = '') {
  const awake = new SharedArrayBuffer(4);
  const worker = new Worker(LISTENER, { eval: true, workerData: { host, port, awake, answer } });
  const [listening] = (await once(worker, 'message')) as [number];
  const fillers = [1, 2].map(() => connect(listening, host));
  await Promise.all(fillers.map((socket) => once(socket, 'connect')));
  const wake = () => {
    Atomics.store(new Int32Array(awake), 0, 1);
    Atomics.notify(new Int32Array(awake), 0);
  };
  return {
    port: listening,
    wake,
    async close() {
      for (const socket of fillers) socket.destroy();
      wake();
      await worker.terminate();
    },
  };
}
