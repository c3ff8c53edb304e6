import { FraudGuard } from 'nestjs-laaffic-verify';
import { ReportIntake } from '../../../libs/laaffic-outbox/src/reports/report-intake.js';
import { failureOf } from '../../module/account.js';
import { Stage } from '../../outbox/stage.js';
import { newNumber, verifyApp } from '../verify-app.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.close());

/** Sends messages, and takes reports of them with prices. */
async function charge(
  { app, outbox }: Awaited<ReturnType<typeof verifyApp>>,
  count: number,
  { mcc, currency, unit }: { readonly mcc: string; readonly currency: string; readonly unit: number },
): Promise<void> {
  const intake = app.get(ReportIntake, { strict: false });
  for (let left = count; left > 0; left--) {
    const { receipt } = await outbox.send({ to: newNumber(), content: 'a message of the app' });
    const { msgId, number } = receipt!.accepted[0]!;
    const price = { total: String(2 * unit), unit: String(unit), segments: 2, currency };
    await intake.take({ msgId, number, state: 'delivered', at: new Date(), price, mcc });
  }
}

const guard = { prices: { GB: 0.04 }, unknownPrice: 0.04, caps: { spendPerDay: 0.5 } };
const priceIn = async (app: { get(token: typeof FraudGuard): FraudGuard }) =>
  (await app.get(FraudGuard).getStatus()).countries.map(({ country, price, spentPerDay }) => ({
    ...{ country, price, spentPerDay },
  }));

it('the guard learns from delivery reports what messages cost, and caps spending by it', async () => {
  const first = await verifyApp(stage, { verify: { guard, expectedPerDay: 1_000_000 } });
  await first.verification.start({ to: newNumber(), purpose: 'sign-in' });
  expect(await priceIn(first.app)).toEqual([
    { country: 'GB', price: { perSegment: 0.04, isLearned: false }, spentPerDay: 0.04 },
  ]);
  await charge(first, 10, { mcc: '234', currency: 'EUR', unit: 0.25 });
  expect(await priceIn(first.app)).toMatchObject([{ price: { perSegment: 0.25, isLearned: true }, spentPerDay: 0.04 }]);
  // A process reads prices once a minute.
  const second = await verifyApp(stage, { verify: { guard, expectedPerDay: 1_000_000 } });
  for (let count = 0; count < 2; count++) await second.verification.start({ to: newNumber(), purpose: 'sign-in' });
  const capped = await failureOf(second.verification.start({ to: newNumber(), purpose: 'sign-in' }));
  expect(capped).toMatchObject({ code: 'VERIFY_CAP' });
  // Amounts of several currencies are not compared, unless the app says which one counts.
  await charge(first, 10, { mcc: '235', currency: 'USD', unit: 0.5 });
  expect(await priceIn(first.app)).toMatchObject([{ price: { perSegment: 0.04, isLearned: false } }]);
  const third = await verifyApp(stage, { verify: { guard: { ...guard, currency: 'USD' } } });
  expect(await priceIn(third.app)).toMatchObject([{ price: { perSegment: 0.5, isLearned: true } }]);
});
