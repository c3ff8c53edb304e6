// A minimal server with the vendors' endpoints, in its own process and on plain sockets, so that the server is never the
// limit. It reports the work since the last report.
import { createServer } from 'node:net';
import { answerTo } from './answers.mjs';

/** Single messages of the outbox bench begin with it: it is told when they came. */
const OTP = '"numbers":"7700';
let [connections, requests, cpu] = [0, 0, process.cpuUsage()];

const server = createServer({ noDelay: true }, (socket) => {
  connections++;
  let unread = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const arrived = performance.timeOrigin + performance.now();
    unread += chunk;
    for (;;) {
      const head = unread.indexOf('\r\n\r\n');
      if (head === -1) return;
      const end = head + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(unread.slice(0, head))[1]);
      if (unread.length < end) return;
      requests++;
      const path = unread.slice(unread.indexOf(' ') + 1, unread.indexOf(' HTTP/1.1'));
      const body = unread.slice(head + 4, end);
      if (body.includes(OTP)) process.send({ number: /"numbers":"(\d+)"/.exec(body)[1], at: arrived });
      socket.write(responseOf(answerTo(path, body)), 'latin1');
      unread = unread.slice(end);
    }
  });
});

function responseOf({ status, body }) {
  const head = `HTTP/1.1 ${status}\r\nServer: nginx\r\nDate: Mon, 01 Jan 2029 00:00:00 GMT\r\nConnection: keep-alive`;
  return `${head}\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu);
  process.send({ connections, requests, cpu: user + system });
  [connections, requests, cpu] = [0, 0, process.cpuUsage()];
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
