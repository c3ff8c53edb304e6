import { Expose, Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { describeIssues, type Issue } from '../messages/issue.js';
import { MAX_RECIPIENTS, readRecipients, type RecipientInput } from '../messages/recipients.js';
import { checkContent, checkSenderId, MAX_CONTENT, MAX_SENDER_ID, type SendSms } from '../messages/send-command.js';

const RECIPIENT_FIELDS: readonly string[] = ['number', 'orderId'];
const TO =
  'The recipients: a number with country code, a number with an order id, or a list of at most 1,000 of either.';
const SENDER = "The sender's number or name.";
const NUMBER = { type: 'string', example: '91856321412' };
const RECIPIENT = [
  NUMBER,
  {
    type: 'object',
    required: ['number'],
    properties: { number: NUMBER, orderId: { type: 'string', maxLength: 64, example: 'order-1' } },
    additionalProperties: false,
  },
];

/**
 * {@link SendSms} as the body of a controller. Nest's `ValidationPipe` (class-validator, class-transformer) checks it by the
 * same rules as the service.
 * @example
 * @Post()
 * send(@Body() command: SendSmsCommand) {
 *   return this.sms.send(command);
 * }
 */
export class SendSmsCommand implements SendSms {
  /** The description for `@nestjs/swagger`, in the form of its own plugin, so that it need not be installed. */
  static _OPENAPI_METADATA_FACTORY(): Record<keyof SendSms, object> {
    return {
      to: { required: true, description: TO, oneOf: [...RECIPIENT, { type: 'array', items: { oneOf: RECIPIENT } }] },
      content: { required: true, type: String, minLength: 1, maxLength: MAX_CONTENT, description: 'The text.' },
      senderId: { required: false, type: String, maxLength: MAX_SENDER_ID, description: SENDER },
    };
  }

  /**
   * The recipients: a number with country code, a `{ number, orderId }`, or a list of either, at most 1,000 (100 with GET).
   * `+`, `00` and separators are removed from numbers. Receipts and delivery reports have the `orderId`; recipients without
   * one get a generated one.
   */
  @Expose()
  @Transform(unchanged)
  @CheckedBy(checkRecipients)
  to!: RecipientInput | readonly RecipientInput[];

  /** The text, 1 to 1024 characters. */
  @Expose()
  @CheckedBy((value) => asList(checkContent(value)))
  content!: string;

  /**
   * The sender's number or name, at most 32 characters; often it must be registered with the vendor.
   * @default the module's `senderId`, otherwise the application's own
   */
  @Expose()
  @CheckedBy((value) => asList(checkSenderId(value)))
  senderId?: string | undefined;
}

/** Validates a field by a function that returns issues. */
function CheckedBy(check: (value: unknown) => readonly Issue[]): PropertyDecorator {
  return ValidateBy({
    name: 'laaffic',
    validator: {
      validate: (value) => check(value).length === 0,
      defaultMessage: (args) => describeIssues(check(args?.value)),
    },
  });
}

/** Reports unknown fields of recipients: one may be a misspelt order id, and a generated one would be sent instead. */
function checkRecipients(to: unknown): readonly Issue[] {
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  const unknownFields = list.slice(0, MAX_RECIPIENTS.POST).flatMap((recipient, index) => {
    if (typeof recipient !== 'object' || recipient === null || Array.isArray(recipient)) return [];
    const field = Array.isArray(to) ? `to[${index}]` : 'to';
    return Object.keys(recipient)
      .filter((name) => !RECIPIENT_FIELDS.includes(name))
      .map((name) => ({ field, problem: `has an unknown field: ${JSON.stringify(name.slice(0, 32))}` }));
  });
  return [...readRecipients(to, MAX_RECIPIENTS.POST, () => '').issues, ...unknownFields];
}

/** Recipients are plain data, which class-transformer must neither copy nor empty. */
function unchanged({ obj }: { obj: { to?: unknown } }): unknown {
  return obj.to;
}

function asList(issue: Issue | undefined): readonly Issue[] {
  return issue === undefined ? [] : [issue];
}
