import type { DeliveryReport, InboundSms, SmsService } from 'nestjs-laaffic';

export interface Later {
  ask(msgId: string): void;
}

export interface Tally {
  add(item: DeliveryReport | InboundSms): void;
}

export async function askEverything(sms: SmsService, msgId: string, later: Later, tally: Tally) {
  const [lastMonth, yesterday] = [30, 1].map((days) => new Date(Date.now() - days * 24 * 60 * 60 * 1000)) as [
    Date,
    Date,
  ];

  const [report] = await sms.getDeliveryReports([msgId]); // { msgId, number, state, at, price? }
  if (report?.state === 'not-found') later.ask(msgId); // not failed: perhaps still queued

  for await (const record of sms.listSentMessages({ from: lastMonth, to: new Date() })) tally.add(record);
  for await (const reply of sms.listInboundMessages({ from: yesterday, to: new Date() })) tally.add(reply);

  const { balance, gift, credit } = await sms.getBalance(); // exact decimals, as text
  await sms.confirmConversion({ number: '+91 8563 21412', msgId, at: new Date() });
  return { balance, gift, credit };
}
