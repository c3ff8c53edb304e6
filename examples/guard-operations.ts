import { Injectable } from '@nestjs/common';
import { FraudGuard, OnGuardAlarm, type GuardAlarm, type GuardStatus } from 'nestjs-laaffic-verify';

@Injectable()
export class Operations {
  constructor(private readonly guard: FraudGuard) {}

  async stopRange(): Promise<GuardStatus> {
    await this.guard.block('+447400123xxx', { actor: 'Ada', until: new Date(Date.now() + 86_400_000) });
    await this.guard.setVerdict('+44 7411 123456', 'allow', { actor: 'Ada' });
    return this.guard.getStatus();
  }

  @OnGuardAlarm({ type: ['cap', 'trouble'] })
  page({ type, scope, count }: GuardAlarm): void {
    console.error(`SMS verification: ${type} ${scope}, ${count} times`);
  }
}
