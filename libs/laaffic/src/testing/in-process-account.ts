import { GatewayClock } from '../clock.js';
import { LaafficGateway } from '../gateway/laaffic.gateway.js';
import { LaafficQueries } from '../gateway/laaffic.queries.js';
import type { OrderIds } from '../messages/order-id.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Randomness } from '../randomness.js';
import { SigningInterceptor } from '../signing/signing.interceptor.js';
import type { SmsService } from '../sms.service.js';
import type { InProcessPlatform } from './in-process-platform.js';
import { InProcessTransport } from './in-process-transport.js';

/** What an `SmsService` is made of, with a platform in this process at the other end. */
export function inProcessAccount(
  platform: () => InProcessPlatform,
  orderIds: OrderIds,
): ConstructorParameters<typeof SmsService> {
  // A query that a test lets fail is not asked again: the test would have to wait.
  const options = { appId: 'fake-app', apiKey: 'fake-key', apiSecret: 'fake-secret', queries: { retries: 0 } };
  const settings = new LaafficSettings(options);
  const clock = new GatewayClock();
  const signing = new SigningInterceptor(settings.account.credentials, clock);
  const transport = new InProcessTransport(settings, signing, platform);
  const gateway = new LaafficGateway(transport, clock);
  const queries = new LaafficQueries(settings, transport, clock, new Randomness());
  return [settings, gateway, queries, orderIds, clock];
}
