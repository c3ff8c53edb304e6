// The least that answers like the gateway: in a process of its own, so that it is never what is measured.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const { numbers, orderId = '' } = JSON.parse(body);
    const [number] = numbers.split(',', 1);
    const answer = `{"status":"0","reason":"success","success":"1","fail":"0","array":[{"msgId":"2304252117461165117","number":"${number}","orderId":"${orderId}"}]}`;
    response.writeHead(200, { 'Content-Type': 'application/json;charset=UTF-8', 'Content-Length': answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
