import { ExpressAdapter } from '@nestjs/platform-express';

/**
 * Connections that wait to be accepted. Node's 511 overflow when a thousand callers come at once, and each that is turned
 * away tries again after seconds; Linux cuts it down to `net.core.somaxconn`.
 */
const BACKLOG = 4_096;

/** Express, listening with a long queue of connections. */
export class ServiceAdapter extends ExpressAdapter {
  override listen(port: string | number, ...args: unknown[]): ReturnType<ExpressAdapter['listen']> {
    const host = args.find((arg) => typeof arg === 'string');
    const onListening = args.find((arg): arg is () => void => typeof arg === 'function');
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, onListening);
  }
}
