// Callers of POST /v1/messages in a process of their own: each has a connection, sends its next message as soon as the
// one before is answered, and waits as long as Retry-After says when it is rejected.
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const [url, count, kind, warmUpMs, measureMs] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);
const prefer = kind === 'async' ? 'Prefer: respond-async\r\n' : '';
const HEADER_END = '\r\n\r\n';

let isMeasured = false;
let isOver = false;
let numbers = 0;
const latencies = [];
const statuses = {};

function call(socket) {
  const number = 918_500_000_000 + numbers++;
  const body = `{"to":"${number}","content":"Your code is 482913"}`;
  const head = `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n${prefer}`;
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk) => {
      text += chunk;
      const end = text.indexOf(HEADER_END);
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)[1]);
      if (text.length < end + HEADER_END.length + length) return;
      finish();
      resolve({
        status: Number(text.slice(9, 12)),
        retryAfterSeconds: Number(/\r\nretry-after: *(\d+)/i.exec(text)?.[1] ?? 1),
      });
    };
    const onClose = () => {
      finish();
      reject(new Error(socket.failure ?? 'closed'));
    };
    const finish = () => socket.off('data', onData).off('close', onClose);
    socket.on('data', onData).on('close', onClose);
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  });
}

async function caller(index) {
  // Not all in the same moment.
  await wait((index / count) * Math.min(2_000, warmUpMs / 2));
  let socket;
  while (!isOver) {
    if (socket === undefined || socket.destroyed) {
      socket = connect(Number(port), hostname).setEncoding('latin1').setNoDelay(true);
      socket.on('error', (error) => (socket.failure = error.code));
    }
    const began = performance.now();
    const { status, retryAfterSeconds } = await call(socket).catch((error) => ({
      status: error.message,
      retryAfterSeconds: 1,
    }));
    if (isMeasured && !isOver) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 201 || status === 202) latencies.push(performance.now() - began);
    }
    if (status !== 201 && status !== 202) await wait(retryAfterSeconds * 1_000 + Math.random() * 500);
  }
}

for (let index = 0; index < count; index++) void caller(index);
await wait(Number(warmUpMs));
isMeasured = true;
process.send('begin');
await wait(Number(measureMs));
isOver = true;
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
process.send({ statuses, taken: latencies.length, p50: at(0.5), p99: at(0.99) }, () => process.exit(0));
