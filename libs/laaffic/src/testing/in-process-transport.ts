import { HttpService } from '@nestjs/axios';
import { ExchangeFailure, type Answer } from '../gateway/exchange.js';
import { withheldBy } from '../gateway/may-start.js';
import { Transport } from '../gateway/transport.js';
import type { ExchangeConfig } from '../gateway/undici-adapter.js';
import type { LaafficSettings } from '../options/laaffic.settings.js';
import type { SigningInterceptor } from '../signing/signing.interceptor.js';
import type { InProcessPlatform } from './in-process-platform.js';

/** A way to a platform in this process; the pool that every transport has never makes a connection. */
export class InProcessTransport extends Transport {
  constructor(
    settings: LaafficSettings,
    signing: SigningInterceptor,
    private readonly platform: () => InProcessPlatform,
  ) {
    // An instance of its own: bare, HttpService has the one of the whole process.
    super(new HttpService(new HttpService().axiosRef.create()), settings, signing);
  }

  override async exchange({ url, data, cancel, mayStart }: ExchangeConfig): Promise<Answer> {
    if (cancel?.aborted === true) throw new ExchangeFailure('aborted', false, cancel.reason);
    const withheld = mayStart === undefined ? undefined : withheldBy(mayStart);
    if (withheld !== undefined) throw withheld;
    const [path = '', search] = url.split('?', 2);
    const fields: unknown = data === undefined ? Object.fromEntries(new URLSearchParams(search)) : JSON.parse(data);
    return Promise.resolve(this.platform().answer(path, fields as Record<string, unknown>));
  }
}
