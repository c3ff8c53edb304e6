import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SmsVerification } from 'nestjs-laaffic-verify';
import { FakeSmsVerification, LaafficVerifyTestingModule } from 'nestjs-laaffic-verify/testing';

@Injectable()
class SignUp {
  readonly users = new Set<string>();

  constructor(private readonly verification: SmsVerification) {}

  start(to: string) {
    return this.verification.start({ to, purpose: 'sign-up' });
  }

  async finish(id: string, code: string): Promise<boolean> {
    const result = await this.verification.check({ id, purpose: 'sign-up', code });
    if (result.status === 'approved') this.users.add(result.number);
    return result.status === 'approved';
  }
}

@Module({ providers: [SignUp] })
class SignUpModule {}

let signUp: SignUp;
let verification: FakeSmsVerification;

beforeAll(async () => {
  const app = await Test.createTestingModule({
    imports: [LaafficVerifyTestingModule.forRoot({ isGlobal: true }), SignUpModule],
  }).compile();
  signUp = app.get(SignUp);
  verification = app.get(FakeSmsVerification);
});
beforeEach(() => {
  verification.reset();
});

it('signs a user up', async () => {
  const { id } = await signUp.start('+44 7400 123456');
  verification.assertSentTo('+44 7400 123456', ({ content }) => content.includes('Example'));

  expect(await signUp.finish(id, verification.codeOf(id))).toBe(true);
  expect(signUp.users).toContain('+447400123456');
});

it('signs no user up with an old code', async () => {
  const { id } = await signUp.start('+44 7400 123456');
  const code = verification.lastCodeOf('+44 7400 123456');

  verification.advance({ minutes: 10 });
  expect(await signUp.finish(id, code)).toBe(false);
});

it('tells a user to wait', async () => {
  verification.failNext({ code: 'VERIFY_COOLDOWN', retryAfterSeconds: 20 });
  await expect(signUp.start('+44 7400 123456')).rejects.toMatchObject({ httpStatus: 429, retryAfterSeconds: 20 });
  verification.assertNothingSent();
});
