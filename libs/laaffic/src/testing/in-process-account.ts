import { HttpService } from '@nestjs/axios';
import { GatewayClock } from '../clock.js';
import { preventedBy, type GatewayRequestConfig } from '../gateway/http/exchange.js';
import { NoResponseError, type GatewayResponse } from '../gateway/http/response.js';
import { Transport } from '../gateway/http/transport.js';
import { QueryClient } from '../gateway/query/query-client.js';
import { RequestLoop } from '../gateway/request-loop.js';
import { SendClient } from '../gateway/send/send-client.js';
import { RequestEventEmitter } from '../gateway/traffic/request-event.emitter.js';
import type { OrderIdGenerator } from '../messages/order-ids.js';
import type { LaafficOptions } from '../options/laaffic.options.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Randomness } from '../randomness.js';
import { AccountRateLimiters } from '../rate/account-rate-limiters.js';
import { SigningInterceptor } from '../signing/signing.interceptor.js';
import type { SmsServiceParts } from '../sms.service.js';
import type { InProcessPlatform } from './in-process-platform.js';

/** The options of `LaafficModule.forRoot` that change what is sent and what is rejected. */
export type FakeSmsOptions = Pick<LaafficOptions, 'senderId' | 'method' | 'maxBatchRecipients'>;

const ACCOUNT = { appId: 'fake-app', apiKey: 'fake-key', apiSecret: 'fake-secret' };

/** Creates the parts of an `SmsService` that talks to a platform in this process. */
export function inProcessAccount(
  platform: () => InProcessPlatform,
  orderIds: OrderIdGenerator,
  options: FakeSmsOptions,
): SmsServiceParts {
  // A query that a test lets fail is not retried: the test would have to wait.
  const settings = new LaafficSettings({ ...ACCOUNT, ...options, queryRetry: { retries: 0 } });
  const clock = new GatewayClock();
  const signing = new SigningInterceptor(settings.account.credentials, clock);
  const emitter = new RequestEventEmitter(settings);
  const loop = new RequestLoop(new InProcessTransport(settings, signing, clock, platform), clock, emitter);
  const randomness = new Randomness();
  return {
    account: settings.account,
    settings,
    sends: new SendClient(loop),
    queries: new QueryClient(loop, settings, clock, randomness),
    events: emitter.events,
    orderIds,
    clock,
    randomness,
    limiters: new AccountRateLimiters(settings.baseUrl, settings.rate),
  };
}

/** A transport to a platform in this process. The pool that every transport has never opens a connection. */
class InProcessTransport extends Transport {
  constructor(
    settings: LaafficSettings,
    signing: SigningInterceptor,
    clock: GatewayClock,
    private readonly platform: () => InProcessPlatform,
  ) {
    // An axios instance of its own: a bare HttpService has the instance of the process.
    super(new HttpService(new HttpService().axiosRef.create()), settings, signing, clock);
  }

  override async exchange({ url, data, abortSignal, shouldSend }: GatewayRequestConfig): Promise<GatewayResponse> {
    if (abortSignal?.aborted === true) throw new NoResponseError('aborted', false, abortSignal.reason);
    const prevented = shouldSend === undefined ? undefined : preventedBy(shouldSend);
    if (prevented !== undefined) throw prevented;
    const [path = '', search] = url.split('?', 2);
    const fields: unknown = data === undefined ? Object.fromEntries(new URLSearchParams(search)) : JSON.parse(data);
    return Promise.resolve(this.platform().respond(path, fields as Record<string, unknown>));
  }
}
