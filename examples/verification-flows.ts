import { Injectable, type DynamicModule } from '@nestjs/common';
import { SmsVerification, type CheckResult, type StartedVerification } from 'nestjs-laaffic-verify';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';
import type { Pool } from 'pg';

@Injectable()
export class Accounts {
  constructor(
    private readonly pool: Pool,
    private readonly verification: SmsVerification,
  ) {}

  /** The visitor does not learn whether the number has an account. */
  startReset(to: string, hasAccount: boolean, source?: string): Promise<StartedVerification> {
    return this.verification.start({ to, purpose: 'password-reset' }, { source, decoy: !hasAccount });
  }

  async changeNumber(account: string, id: string, code: string): Promise<CheckResult['status']> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const result = await this.verification.check({ id, code, purpose: 'new-number' }, { transaction: client });
      if (result.status === 'approved') {
        await client.query('update account set phone = $2 where id = $1', [account, result.number]);
      }
      await client.query('commit');
      return result.status;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
}

/** The cookie has at least 128 random bits. */
export function routesWithSessions(): DynamicModule {
  return LaafficVerifyHttpModule.register({
    caller: 'visitor',
    purposes: ['sign-up'],
    session: ({ headers }) => /(?:^|; )visitor=([\w-]{22,})/.exec(headers?.cookie ?? '')?.[1],
  });
}
