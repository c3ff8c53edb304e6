import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import { onAbort, orAborted } from '../on-abort.js';

/** Milliseconds before the next address is tried in parallel (RFC 8305, section 5). */
const HEAD_START_MS = 250;

/**
 * Connects to the address of a host that responds first (RFC 8305). Node's own implementation gives up each address after
 * the head start, so it never reaches a host that needs longer.
 * @throws the failure of the first address if all fail, the reason of the signal if it aborts.
 */
export async function connectToHost(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const addresses = alternating(await orAborted(lookup(host, { all: true }), signal));
  return new Promise((resolve, reject) => {
    const trying = new Set<Socket>();
    let tried = 0;
    let timer: NodeJS.Timeout | undefined;
    let failure: Error | undefined;

    const end = () => {
      clearTimeout(timer);
      stopWatch();
      for (const socket of trying) socket.destroy();
    };
    const stopWatch = onAbort(signal, () => {
      end();
      reject(signal.reason as Error);
    });
    const tryNext = () => {
      clearTimeout(timer);
      const address = addresses[tried++];
      if (address === undefined) return;
      const socket = connect({
        host: address.address,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: 60_000,
      });
      trying.add(socket);
      timer = setTimeout(tryNext, HEAD_START_MS);
      socket.once('connect', () => {
        trying.delete(socket);
        end();
        resolve(socket);
      });
      // This listener stays on the connected socket, which may fail before its next owner listens.
      socket.on('error', (error) => {
        if (!trying.delete(socket)) return;
        failure ??= error;
        tryNext();
        if (trying.size > 0) return;
        end();
        reject(failure);
      });
    };
    tryNext();
  });
}

/** IPv6 and IPv4 in turn, so that a family without a route costs one head start. */
function alternating(addresses: readonly LookupAddress[]): LookupAddress[] {
  const preferred = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const longest = Math.max(preferred.length, others.length);
  return Array.from({ length: longest }, (_, index) => [preferred[index], others[index]])
    .flat()
    .filter((address) => address !== undefined);
}
