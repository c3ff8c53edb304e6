import { VerificationOptionsError, type LaafficVerifyOptions } from 'nestjs-laaffic-verify';
import { ConfigurationError, type Configuration } from '../configuration.js';

/** The settings of the options that only the package can check. */
const SETTINGS: Readonly<Record<string, string>> = {
  keys: 'VERIFY_KEYS',
  countries: 'VERIFY_COUNTRIES',
  expectedPerDay: 'VERIFY_EXPECTED_PER_DAY',
  app: 'VERIFY_APP',
  domain: 'VERIFY_DOMAIN',
  schema: 'VERIFY_SCHEMA',
  'guard.prices': 'VERIFY_PRICES',
  'guard.unknownPrice': 'VERIFY_UNKNOWN_PRICE',
  'guard.currency': 'VERIFY_CURRENCY',
  'guard.caps.spendPerDay': 'VERIFY_SPEND_PER_DAY',
};

/** The options of the package. */
export function verifyOptions({
  verification,
  databaseMigrate,
  worker,
}: Pick<Configuration, 'verification' | 'databaseMigrate' | 'worker'>): LaafficVerifyOptions {
  if (verification === undefined) throw new ConfigurationError(['VERIFY_KEYS must be set']);
  const { keys, countries, expectedPerDay, app, domain, schema } = verification;
  const { guard, prices, unknownPrice, currency, spendPerDay } = verification;
  return {
    keys,
    countries,
    expectedPerDay,
    app,
    domain,
    schema,
    migrate: databaseMigrate,
    worker,
    guard: { shadow: guard === 'shadow' ? 'all' : [], prices, unknownPrice, currency, caps: { spendPerDay } },
  };
}

/** Names the settings in place of the options in the error of a start; any other error stays as it is. */
export function inSettings(error: unknown): unknown {
  if (!(error instanceof VerificationOptionsError)) return error;
  return new ConfigurationError(error.problems.map(settingOf));
}

function settingOf(problem: string): string {
  return problem.replace(/^[\w.]+(?=(?:\[\d+\])? )/, (option) => SETTINGS[option] ?? option);
}
