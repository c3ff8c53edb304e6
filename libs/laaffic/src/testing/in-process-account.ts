import { GatewayClock } from '../clock.js';
import { LaafficGateway } from '../gateway/laaffic.gateway.js';
import { LaafficQueries } from '../gateway/laaffic.queries.js';
import { Traffic } from '../gateway/traffic.js';
import type { OrderIds } from '../messages/order-id.js';
import type { LaafficOptions } from '../options/laaffic.options.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Randomness } from '../randomness.js';
import { AccountLimiters } from '../rate/account-limiters.js';
import { SigningInterceptor } from '../signing/signing.interceptor.js';
import type { SmsService } from '../sms.service.js';
import type { InProcessPlatform } from './in-process-platform.js';
import { InProcessTransport } from './in-process-transport.js';

/** What of the options of `LaafficModule.forRoot` changes what is sent and what is refused. */
export type FakeSmsOptions = Pick<LaafficOptions, 'senderId' | 'method' | 'maxBatchRecipients'>;

const ACCOUNT = { appId: 'fake-app', apiKey: 'fake-key', apiSecret: 'fake-secret' };

/** What an `SmsService` is made of, with a platform in this process at the other end. */
export function inProcessAccount(
  platform: () => InProcessPlatform,
  orderIds: OrderIds,
  chosen: FakeSmsOptions,
): ConstructorParameters<typeof SmsService> {
  // A query that a test lets fail is not asked again: the test would have to wait.
  const settings = new LaafficSettings({ ...ACCOUNT, ...chosen, queries: { retries: 0 } });
  const clock = new GatewayClock();
  const signing = new SigningInterceptor(settings.account.credentials, clock);
  const transport = new InProcessTransport(settings, signing, platform);
  const traffic = new Traffic(settings);
  const gateway = new LaafficGateway(transport, clock, traffic);
  const randomness = new Randomness();
  const queries = new LaafficQueries(settings, transport, clock, randomness, traffic);
  return [settings, gateway, queries, orderIds, clock, randomness, new AccountLimiters(settings.rate)];
}
