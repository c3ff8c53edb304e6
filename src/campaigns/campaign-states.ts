import type { CampaignState } from 'nestjs-laaffic-outbox';

export const CAMPAIGN_STATES = [
  'creating',
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'done',
] as const satisfies CampaignState[];
