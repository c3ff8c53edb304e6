import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { LaafficSandbox } from 'laaffic-sandbox';
import type { LaafficOptions } from 'nestjs-laaffic';
import { SandboxPlace } from './sandbox-place.js';
import { SharedSandbox, type PushUrls } from './shared-sandbox.js';

/** The embedded database of this machine. Instances that share it share a sandbox too. */
export interface SharedHome {
  readonly dataDir: string;
  readonly database: string;
}

/** The account that messages are sent with: the operator's at the real gateway, or one of a sandbox on this machine. */
@Injectable()
export class GatewayAccount implements OnApplicationShutdown {
  #shared: SharedSandbox | undefined;
  #alone: LaafficSandbox | undefined;

  /** @param home without it, this process has a sandbox of its own. */
  constructor(
    private readonly real: LaafficOptions | undefined,
    private readonly home: SharedHome | undefined,
  ) {}

  /** The sandbox that this process runs, if it runs one. */
  get sandbox(): LaafficSandbox | undefined {
    return this.#alone ?? this.#shared?.own;
  }

  /** The address of the sandbox, whichever process runs it. */
  get sandboxUrl(): string | undefined {
    return this.#alone?.url ?? this.#shared?.url;
  }

  async options(): Promise<LaafficOptions> {
    if (this.real !== undefined) return this.real;
    // A service with a real account does not load the sandbox.
    const { LaafficSandbox, SAMPLE_ACCOUNT } = await import('laaffic-sandbox');
    if (this.home === undefined) {
      this.#alone = await LaafficSandbox.start();
      return { ...SAMPLE_ACCOUNT, baseUrl: this.#alone.url };
    }
    const { dataDir, database } = this.home;
    this.#shared = await SharedSandbox.open(await SandboxPlace.of(dataDir), database);
    return { ...SAMPLE_ACCOUNT, baseUrl: this.#shared.url };
  }

  /** Makes the sandbox push reports and inbound messages to the service, as the real platform does. */
  pushTo(url: string, secret: string): void {
    const webhooks = `${url}/laaffic/${secret}`;
    const urls: PushUrls = { pushReportsTo: `${webhooks}/reports`, pushInboundTo: `${webhooks}/inbound` };
    this.#alone?.configure(urls);
    this.#shared?.pushTo(urls);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#alone?.close();
    await this.#shared?.close();
  }
}
