import type { SmsCosts } from 'nestjs-laaffic-outbox';

/** What a sale to these numbers will cost, as lines for the person who has to approve it. */
export async function askForApproval(costs: SmsCosts, numbers: Iterable<string>, content: string) {
  const { recipients, parts, byCurrency, unpriced } = await costs.estimate({ numbers, content });
  return [
    `${recipients} recipients, ${parts} parts each`,
    ...byCurrency.map(({ currency, low, high }) =>
      low === high ? `${low} ${currency}` : `${low} to ${high} ${currency}`,
    ),
    ...unpriced.map((each) =>
      'country' in each
        ? `no price for ${each.recipients} in ${each.country}`
        : `no price for ${each.recipients} with +${each.callingCode}`,
    ),
  ];
}

/** The countries in which the platform charges more parts than the texts take. */
export async function findSurprises(costs: SmsCosts) {
  const prices = await costs.getPrices();
  return prices.flatMap(({ country = 'unknown', chargedParts, expectedParts }) =>
    chargedParts > expectedParts ? [`${country}: ${chargedParts} instead of ${expectedParts} parts`] : [],
  );
}

/** What January cost in each country. */
export async function spendingOfJanuary(costs: SmsCosts, year: number) {
  const spending = await costs.getSpending({ from: `${year}-01-01`, to: `${year}-01-31`, groupBy: 'country' });
  return spending.map(({ country = 'unknown', total, currency }) => `${country}: ${total} ${currency}`);
}
