import { isIP } from 'node:net';
import { Logger } from '@nestjs/common';
import { clientAddress, plainAddress, type AddressedRequest } from 'nestjs-laaffic';
import type { Decisions } from '../guard/decisions.js';
import type { VerifySettings } from '../options/verify.settings.js';

/** Finds the addresses of visitors. Warns once about each sign of a wrong `trustProxy`, and raises an alarm. */
export class ClientSources {
  readonly #logger = new Logger('LaafficVerify');
  readonly #warnings = new Set<string>();

  /** @param decisions where alarms are raised. @default nowhere */
  constructor(
    private readonly settings: Pick<VerifySettings, 'trustProxy'>,
    private readonly decisions?: Pick<Decisions, 'raise'>,
  ) {}

  /** @returns the address; `undefined` if it is not known. Visitors whose address is unknown must not share a limit. */
  of(request: AddressedRequest): string | undefined {
    const { trustProxy } = this.settings;
    if (trustProxy === 0 && request.headers['x-forwarded-for'] !== undefined) {
      this.#warnOnce(
        'A request has the header X-Forwarded-For, but `trustProxy` is 0: visitors behind one proxy share its limits',
      );
    }
    const address = plainAddress(clientAddress(request, trustProxy) ?? '');
    if (isIP(address) !== 0) return address;
    if (trustProxy > 0) {
      this.decisions?.raise('source-unknown', 'all');
      this.#warnOnce(
        `A request came through fewer proxies than \`trustProxy\`, ${trustProxy}: limits of sources do not apply to it`,
      );
    }
    return undefined;
  }

  #warnOnce(warning: string): void {
    if (this.#warnings.has(warning)) return;
    this.#warnings.add(warning);
    this.#logger.warn(warning);
  }
}
