import { Expose, Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { checkContent, checkSenderId } from '../messages/content.js';
import { describeIssues, type Issue } from '../messages/issue.js';
import { MAX_RECIPIENTS, readRecipients, type RecipientInput } from '../messages/recipients.js';
import type { SendSms } from '../messages/send-sms.js';

/**
 * {@link SendSms} as the body of a controller: checked by Nest's `ValidationPipe` (class-validator,
 * class-transformer) by the same rules that the service holds its other callers to.
 */
export class SendSmsCommand implements SendSms {
  /**
   * Who gets it: a number with country code, a `{ number, orderId }`, or a list of either, at most
   * 1,000 (100 with GET). `+`, `00` and separators are taken off. An `orderId` is echoed by the
   * gateway in receipts and delivery reports; one is made for recipients without.
   */
  @Expose()
  @Transform(asGiven)
  @CheckedBy(checkRecipients)
  to!: RecipientInput | readonly RecipientInput[];

  /** The text, 1 to 1024 characters. */
  @Expose()
  @CheckedBy((value) => asList(checkContent(value)))
  content!: string;

  /**
   * The sender's number or name, at most 32 characters; often it must be registered with the vendor.
   * @default the module's `senderId`, else the application's own
   */
  @Expose()
  @CheckedBy((value) => asList(checkSenderId(value)))
  senderId?: string | undefined;
}

function CheckedBy(check: (value: unknown) => readonly Issue[]): PropertyDecorator {
  return ValidateBy({
    name: 'laaffic',
    validator: {
      validate: (value) => check(value).length === 0,
      defaultMessage: (args) => describeIssues(check(args?.value)),
    },
  });
}

function checkRecipients(to: unknown): readonly Issue[] {
  return readRecipients(to, MAX_RECIPIENTS.POST, () => '').issues;
}

/** Recipients are plain data of their own form: class-transformer must neither copy nor empty them. */
function asGiven({ obj }: { obj: { to?: unknown } }): unknown {
  return obj.to;
}

function asList(issue: Issue | undefined): readonly Issue[] {
  return issue === undefined ? [] : [issue];
}
