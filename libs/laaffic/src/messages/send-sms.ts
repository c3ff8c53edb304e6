import type { RecipientInput } from './recipients.js';

/** One text for one or many recipients, as `SmsService.send` takes it. */
export interface SendSms {
  readonly to: RecipientInput | readonly RecipientInput[];
  readonly content: string;
  readonly senderId?: string | undefined;
}
