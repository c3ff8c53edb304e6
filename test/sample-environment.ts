import { SAMPLE_ACCOUNT } from 'laaffic-sandbox';

/** The account of a sandbox as environment variables. */
export const SAMPLE_ENVIRONMENT = {
  LAAFFIC_APP_ID: SAMPLE_ACCOUNT.appId,
  LAAFFIC_API_KEY: SAMPLE_ACCOUNT.apiKey,
  LAAFFIC_API_SECRET: SAMPLE_ACCOUNT.apiSecret,
};
