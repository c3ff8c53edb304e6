/** The OpenAPI schema of a recipient in a request: a number, or an object with an order id. */
export const recipientSchema = {
  oneOf: [
    { type: 'string', example: '+91 8563 21412', description: 'A phone number with country code.' },
    {
      type: 'object',
      required: ['number'],
      additionalProperties: false,
      properties: {
        number: { type: 'string', example: '91856321412' },
        orderId: { type: 'string', maxLength: 64, example: 'order-1', description: 'Your own id, echoed in reports.' },
      },
    },
  ],
};
