export const platforms = ['Express', 'Fastify'] as const;

interface Printed {
  readonly accepted: readonly { readonly msgId: string; readonly orderId: string }[];
}

/** What the fixtures' `webhooks.ts` prints when everything went as it should. */
export function expectPushesTaken(
  platform: (typeof platforms)[number],
  { printed, stderr }: { readonly printed: unknown; readonly stderr: string },
): void {
  const [{ msgId, orderId } = { msgId: '', orderId: '' }] = (printed as Printed).accepted;

  expect(printed).toEqual({
    platform: platform.toLowerCase(),
    accepted: [
      {
        number: '91856321412',
        orderId: expect.stringMatching(/^[^,]+$/),
        msgId: expect.stringMatching(/^\d{19}$/),
      },
    ],
    reports: [
      {
        appId: '4luaKsL2',
        msgId,
        orderId,
        number: '91856321412',
        state: 'failed',
        reason: 'EXPIRED',
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        price: { total: '0.010000', unit: '0.010000', segments: 1, currency: 'EUR' },
      },
    ],
    messages: [
      {
        from: '91856321412',
        to: 'ACME',
        content: 'STOP: 你好',
        at: '2026-01-01T00:00:00.000Z',
        msgId: expect.stringMatching(/^\d{19}$/),
        mcc: '404',
        price: { total: '0.000000', unit: '0.000000', segments: 1, currency: 'EUR' },
      },
    ],
    pushes: [
      { kind: 'report', outcome: 'acknowledged', attempts: 1 },
      { kind: 'inbound', outcome: 'acknowledged', attempts: 1 },
    ],
    rejected: {
      status: 404,
      body: '{"message":"Cannot POST {path}","error":"Not Found","statusCode":404}',
      isThatOfUnknownRoute: true,
    },
  });
  expect(stderr).toBe('');
}
