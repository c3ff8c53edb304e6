import { LaafficException, type SendSms, type SmsReceipt, type SmsService } from 'nestjs-laaffic';

export async function sendToTwo(sms: SmsService) {
  const { accepted, rejected, unknown } = await sms.send({
    to: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
    content: 'Your table is ready',
  });
  // accepted: [{ number, orderId, msgId }]
  // rejected: [{ number, orderId, code, reason, msgId? }]
  // unknown:  [{ number, orderId, code, reason, msgId? }]
  return { accepted, rejected, unknown };
}

export interface Later {
  again(command: SendSms): void;
  resolve(receipt: SmsReceipt | undefined): void;
}

export async function sendWithCare(sms: SmsService, command: SendSms, later: Later) {
  try {
    await sms.send(command);
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    if (error.outcome === 'rejected') {
      later.again(command); // nothing was sent
    } else {
      later.resolve(error.receipt); // perhaps sent: find out by order ids, do not send again
    }
  }
}
