import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClientSource, FraudGuard } from 'nestjs-laaffic-verify';
import { FakeSmsVerification, LaafficVerifyTestingModule } from 'nestjs-laaffic-verify/testing';
import { failureOf } from '../../module/account.js';

const REQUEST = { to: '+447400123456', purpose: 'sign-in' };

it('the testing module provides the guard of its fake, whose list works at once', async () => {
  const imports = [LaafficVerifyTestingModule.forRoot({ now: () => 1_900_000_000_000 })];
  const app = await Test.createTestingModule({ imports }).compile();
  const [guard, fake] = [app.get(FraudGuard), app.get(FakeSmsVerification)];
  expect(guard).toBe(fake.guard);
  await guard.block('GB', { actor: 'a test' });
  expect(await failureOf(fake.start(REQUEST))).toMatchObject({ code: 'VERIFY_REJECTED' });
  expect(await guard.findDecisions({ since: new Date(0) })).toMatchObject([{ rule: 'denied', count: 1 }]);
  await guard.release('GB', { actor: 'a test' });
  expect(await fake.start(REQUEST)).toMatchObject({ sent: true });
  await guard.block('GB', { actor: 'a test' });
  fake.reset();
  expect(await fake.start(REQUEST)).toMatchObject({ sent: true });
  expect([await guard.findListed(), await guard.findDecisions({ since: new Date(0) })]).toEqual([[], []]);
  await app.close();
});

it('the testing module provides the addresses of visitors, and an alarm when they are unknown', async () => {
  @Controller()
  class Visitors {
    @Get()
    find(@ClientSource() source: string | undefined): { readonly source: string | null } {
      return { source: source ?? null };
    }
  }
  @Module({
    imports: [LaafficVerifyTestingModule.forRoot({ isGlobal: true, trustProxy: 1 })],
    controllers: [Visitors],
  })
  class App {}
  const app = (
    await Test.createTestingModule({ imports: [App] })
      .setLogger(false as never)
      .compile()
  ).createNestApplication();
  await app.listen(0, '127.0.0.1');
  try {
    const ask = async (headers: Record<string, string> = {}) => (await fetch(await app.getUrl(), { headers })).json();
    expect(await ask({ 'x-forwarded-for': '203.0.113.7' })).toEqual({ source: '203.0.113.7' });
    expect(await app.get(FraudGuard).findAlarms()).toEqual([]);
    expect(await ask()).toEqual({ source: null });
    expect(await app.get(FraudGuard).findAlarms()).toMatchObject([{ type: 'source-unknown', scope: 'all', count: 1 }]);
  } finally {
    await app.close();
  }
});
