import dns from 'node:dns/promises';
import { once } from 'node:events';
import net, { createServer, type AddressInfo, type Server } from 'node:net';
import { deafListener } from '../../../../test/module/deaf-listener.js';
import { connectToHost } from './happy-eyeballs.js';
import { until } from '../../../../test/until.js';

async function listener(host: string, port = 0): Promise<Server> {
  const server = createServer((socket) => socket.resume());
  await once(server.listen(port, host), 'listening');
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const { signal: never } = new AbortController();

function hostAt(...addresses: string[]): void {
  jest
    .spyOn(dns, 'lookup')
    .mockResolvedValue(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })) as never);
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('connectToHost', () => {
  it('connects although each address needs longer than the head start', async () => {
    const first = await deafListener('127.0.0.1');
    const second = await deafListener('127.0.0.2', first.port);
    hostAt('127.0.0.1', '127.0.0.2');
    const connect = jest.spyOn(net, 'connect');
    const connecting = connectToHost('gateway.test', first.port, never);
    // Both have lost their first packet by then; their second one is answered.
    await until(() => connect.mock.calls.length === 2);
    first.wake();
    second.wake();
    const socket = await connecting;
    expect(['127.0.0.1', '127.0.0.2']).toContain(socket.remoteAddress);
    socket.destroy();
    await first.close();
    await second.close();
  });

  it('connects to the next address after the head start of a silent one', async () => {
    const silent = await deafListener('127.0.0.1');
    const server = await listener('127.0.0.2', silent.port);
    hostAt('127.0.0.1', '127.0.0.2');
    const socket = await connectToHost('gateway.test', silent.port, never);
    expect(socket.remoteAddress).toBe('127.0.0.2');
    socket.destroy();
    server.close();
    await silent.close();
  });

  it('tries the other family before the second address of the first family', async () => {
    const server = await listener('127.0.0.1');
    hostAt('100::1', '100::2', '100::3', '127.0.0.1');
    const socket = await connectToHost('gateway.test', portOf(server), never);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
    server.close();
  });

  it('tries the next address at once if the first one refuses the connection', async () => {
    const server = await listener('127.0.0.2');
    hostAt('127.0.0.1', '127.0.0.2');
    const socket = await connectToHost('gateway.test', portOf(server), never);
    expect(socket.remoteAddress).toBe('127.0.0.2');
    socket.destroy();
    server.close();
  });

  it('fails with the error of the first address if all fail', async () => {
    const server = await listener('127.0.0.1');
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    hostAt('127.0.0.1', '127.0.0.2');
    await expect(connectToHost('gateway.test', port, never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
    });
  });

  it('fails with the reason of the signal, during a lookup or while an address is silent', async () => {
    const silent = await deafListener('127.0.0.1');
    hostAt('127.0.0.1');
    const end = new AbortController();
    const connecting = connectToHost('gateway.test', silent.port, end.signal);
    setImmediate(() => {
      end.abort(new Error('over'));
    });
    await expect(connecting).rejects.toThrow('over');
    jest.spyOn(dns, 'lookup').mockReturnValue(new Promise(() => undefined));
    const early = new AbortController();
    const looking = connectToHost('gateway.test', silent.port, early.signal);
    early.abort(new Error('early'));
    await expect(looking).rejects.toThrow('early');
    await silent.close();
  });
});
