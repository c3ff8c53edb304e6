import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A platform that knows getBalance alone, and counts who asks. */
export async function balanceGateway() {
  const gateway = {
    answer: { status: '0', reason: 'success', balance: '99.990000', gift: '50.00000', credit: '0' } as object,
    /** Seconds that its clock is ahead. */
    clockSkew: 0,
    /** Whether its answers say what time it is. */
    tellsTime: true,
    requests: 0,
    url: '',
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => {
    gateway.requests += 1;
    const now = Math.floor(Date.now() / 1000) + gateway.clockSkew;
    const isExpired = Math.abs(now - Number(request.headers['timestamp'])) > 1800;
    response.sendDate = false;
    if (gateway.tellsTime) response.setHeader('Date', new Date(now * 1000).toUTCString());
    response.setHeader('Content-Type', 'application/json;charset=UTF-8');
    response.end(JSON.stringify(isExpired ? { status: '-16', reason: 'timestamp expires' } : gateway.answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`;
  return gateway;
}
