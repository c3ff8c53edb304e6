import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { LaafficSandbox } from 'laaffic-sandbox';
import type { LaafficOptions } from 'nestjs-laaffic';

/** The account that a sandbox has without settings. */
const SANDBOX = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };

/** Where the messages go: the real gateway with the operator's account, or a sandbox in this process. */
@Injectable()
export class GatewayAccount implements OnApplicationShutdown {
  #sandbox: LaafficSandbox | undefined;

  constructor(private readonly real: LaafficOptions | undefined) {}

  /** The sandbox, if there is one and it has been started. */
  get sandbox(): LaafficSandbox | undefined {
    return this.#sandbox;
  }

  /** By which the database is divided. */
  get appId(): string {
    return this.real?.appId ?? SANDBOX.appId;
  }

  async options(): Promise<LaafficOptions> {
    if (this.real !== undefined) return this.real;
    const { LaafficSandbox } = await import('laaffic-sandbox');
    this.#sandbox = await LaafficSandbox.start();
    return { ...SANDBOX, baseUrl: this.#sandbox.url };
  }

  /** Has the sandbox push its reports and inbound messages to the service, as the real platform would. */
  pushTo(url: string, secret: string): void {
    const webhooks = `${url}/laaffic/${secret}`;
    this.#sandbox?.configure({ pushReportsTo: `${webhooks}/reports`, pushInboundTo: `${webhooks}/inbound` });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sandbox?.close();
  }
}
