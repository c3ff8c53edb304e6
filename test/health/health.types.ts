// Compiled by the type check and never run: each line after a directive must be an error.
import { LaafficHealthModule, type LaafficHealthIndicator } from 'nestjs-laaffic/health';

export async function healthTypes(indicator: LaafficHealthIndicator): Promise<string> {
  // @ts-expect-error amounts are text
  LaafficHealthModule.forRoot({ minBalance: 25.5 });
  // @ts-expect-error there is no such option
  LaafficHealthModule.forRoot({ cachedFor: 5 });
  // @ts-expect-error the result has the key of the call
  const other: Promise<{ laaffic: unknown }> = indicator.isHealthy('sms');
  await other;
  const { sms } = await indicator.isHealthy('sms');
  return sms.status;
}
