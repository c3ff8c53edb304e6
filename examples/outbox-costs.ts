import type { SmsOutbox } from 'nestjs-laaffic-outbox';

/** The costs of January by day, country and currency, as the lines of a table. */
export async function costsOfJanuary(outbox: SmsOutbox, year: number) {
  const costs = await outbox.getCosts({ from: `${year}-01-01`, to: `${year}-01-31` });
  return costs.map(({ day, mcc = 'unknown', currency, recipients, segments, total }) =>
    [day, mcc, recipients, segments, `${total} ${currency}`].join('\t'),
  );
}

/** What a message cost so far: one line for each recipient with a price. */
export async function costOfMessage(outbox: SmsOutbox, id: string) {
  const message = await outbox.find(id);
  return message?.recipients.flatMap(({ position, price }) =>
    price === undefined ? [] : [`${position}: ${price.segments} segments, ${price.total} ${price.currency}`],
  );
}
