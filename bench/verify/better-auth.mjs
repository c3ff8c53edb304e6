import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { phoneNumber } from 'better-auth/plugins';

/** The phone-number plugin of Better Auth with its defaults, and what a phone receives. Its tables are made here. */
export async function startBetterAuth(pool) {
  const codes = new Map();
  const auth = betterAuth({
    baseURL: 'http://localhost',
    secret: 'a secret of the benchmark, with 32 characters or more',
    database: pool,
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [phoneNumber({ sendOTP: ({ phoneNumber: number, code }) => void codes.set(number, code) })],
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  return {
    start: (number) => auth.api.sendPhoneNumberOTP({ body: { phoneNumber: number } }),
    codeOn: (number) => codes.get(number),
    /** Uses a code up without an account: what the plugin has in common with a verification. */
    async check(number, code) {
      try {
        await auth.api.consumePhoneNumberOTP({ body: { phoneNumber: number, code } });
        return 'approved';
      } catch (error) {
        // The same code of an error is for a wrong code and for one that another call has just used up.
        if (error.body?.code === 'INVALID_OTP') return 'wrong';
        if (error.body?.code === undefined) throw error;
        return 'over';
      }
    },
  };
}
