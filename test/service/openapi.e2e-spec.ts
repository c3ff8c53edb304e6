import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { MESSAGE, startService, type Service } from './service.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Media>>; headers?: object }>
  >;
}
interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let database: TestDatabase;
let service: Service;
let api: Api;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url });
  api = JSON.parse((await service.get('/docs-json')).text) as Api;
});
afterAll(async () => {
  await service.close();
  await database.close();
});

const operations = () =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
  );
const schemaOf = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : api.components.schemas[schema.$ref.split('/').at(-1)!]!;

it('the API has a page', async () => {
  const page = await fetch(`${service.url}/docs`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch('text/html');
});

it('the API document describes every route', () => {
  expect(
    operations()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(
    [
      'get /v1/messages',
      'post /v1/messages',
      'get /v1/pushes/unreadable',
      'get /v1/held',
      'get /v1/history',
      'get /v1/inbound',
      'get /v1/inbound/{id}',
      ...['search', '{id}/review'].map((it) => `post /v1/inbound/${it}`),
      'get /v1/opt-outs',
      'post /v1/opt-outs',
      ...['search', 'check', 'end'].map((it) => `post /v1/opt-outs/${it}`),
      'get /v1/messages/{id}',
      'get /v1/messages/{id}/history',
      'post /v1/messages/{id}/cancel',
      'post /v1/messages/{id}/resolve',
      'get /v1/campaigns',
      'post /v1/campaigns',
      'get /v1/campaigns/{id}',
      ...['start', 'pause', 'resume', 'cancel', 'resolve', 'retry-rejected'].map(
        (it) => `post /v1/campaigns/{id}/${it}`,
      ),
      ...['results', 'held', 'events', 'history'].map((it) => `get /v1/campaigns/{id}/${it}`),
      'get /v1/account',
      'post /v1/account/resume',
      'get /v1/balance',
      'get /v1/costs',
      'get /v1/api-keys',
      'post /v1/api-keys',
      'delete /v1/api-keys/{id}',
      'post /v1/verifications',
      'get /v1/verifications/{id}',
      ...['check', 'resend', 'cancel'].map((it) => `post /v1/verifications/{id}/${it}`),
      'post /v1/verifications/proofs/redeem',
      'post /v1/verifications/release',
      ...['', '/decisions', '/alarms'].map((it) => `get /v1/verifications/guard${it}`),
      ...['block', 'allow', 'release'].map((it) => `post /v1/verifications/guard/${it}`),
      'put /v1/verifications/guard/list',
      'get /health',
      'get /health/live',
    ].sort(),
  );
});

it('the API document gives every property its type', () => {
  const wrong = Object.entries(api.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties).flatMap(([property, schema]) => {
      const inner = [schema, ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
      const isObject = inner.some(
        ({ type, properties: own, additionalProperties }) =>
          type === 'object' && own === undefined && additionalProperties?.type === undefined,
      );
      const isTyped = inner.some(({ type, $ref }) => type !== undefined || $ref !== undefined);
      return isObject || !isTyped ? [`${name}.${property}`] : [];
    }),
  );
  expect(wrong).toEqual([]);
});

it('the API document has an example for every property of a body, including nullable ones', () => {
  const { SendMessageDto, ResolveHeldDto } = api.components.schemas;
  const missing = [SendMessageDto!, ResolveHeldDto!].flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, { example }]) => (example === undefined ? [name] : [])),
  );
  expect(missing).toEqual([]);
  expect(SendMessageDto!.properties!.sendAt).toEqual({
    type: 'string',
    format: 'date-time',
    nullable: true,
    example: expect.stringMatching(/^\d{4}-/),
    description: expect.any(String),
  });
});

it('the API document describes every error by one schema', () => {
  const wrong = operations()
    .filter(({ path }) => !path.startsWith('/health'))
    .flatMap(({ name, operation }) => {
      const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
      const named = new Set(errors.map(([status]) => status));
      const isWhole = errors.every(
        ([, { content }]) => content?.['application/json']?.schema.$ref === '#/components/schemas/ErrorDto',
      );
      const body = operation.requestBody === undefined ? [] : ['400', '413', '415'];
      const missing = ['401', '403', '500', '503', ...body].filter((status) => !named.has(status));
      return isWhole && missing.length === 0 ? [] : [`${name}: ${missing.join()}`];
    });
  expect(wrong).toEqual([]);
});

it('the API document describes the bodies, responses and statuses of phone verification', () => {
  const nameOf = (schema: Schema | undefined) => schema?.$ref?.split('/').at(-1);
  const routes = operations().filter(({ path }) => path.startsWith('/v1/verifications'));
  const described = routes.map(({ name, operation: { requestBody, responses } }) => {
    const [type, media] = Object.entries(responses['200']?.content ?? {})[0] ?? [];
    return [
      name,
      nameOf(requestBody?.content['application/json']?.schema),
      type === 'application/json' ? nameOf(media?.schema) : type,
      Object.keys(responses).join(' '),
    ];
  });
  const common = (statuses: string) => [...statuses.split(' '), '401', '403', '500'].sort().join(' ');
  const pending = 'PendingVerificationDto';
  const list = ['GuardListDto', common('200 400 408 413 415 429 503')];
  expect(described).toEqual([
    ['get /v1/verifications/guard', undefined, 'GuardStatusDto', common('200 429 503')],
    ['get /v1/verifications/guard/decisions', undefined, 'application/x-ndjson', common('200 400 429 503')],
    ['get /v1/verifications/guard/alarms', undefined, 'GuardAlarmsDto', common('200 400 429 503')],
    ['post /v1/verifications/guard/block', 'ListTargetBody', ...list],
    ['post /v1/verifications/guard/allow', 'ListTargetBody', ...list],
    [
      'post /v1/verifications/guard/release',
      'ReleaseTargetBody',
      'ReleasedRangeDto',
      common('200 400 408 413 415 429 503'),
    ],
    ['put /v1/verifications/guard/list', 'NumberVerdictBody', ...list],
    ['post /v1/verifications', 'BackendStartBody', pending, common('200 201 400 408 413 415 422 429 503')],
    ['get /v1/verifications/{id}', undefined, 'VerificationDto', common('200 400 404 429 503')],
    [
      'post /v1/verifications/{id}/check',
      'BackendCheckBody',
      'ApprovedVerificationDto',
      common('200 400 408 410 413 415 422 429 503'),
    ],
    ['post /v1/verifications/{id}/resend', 'BackendResendBody', pending, common('200 400 408 410 413 415 429 503')],
    [
      'post /v1/verifications/{id}/cancel',
      'TenantFields',
      'CancelledVerificationDto',
      common('200 400 408 410 413 415 429 503'),
    ],
    [
      'post /v1/verifications/proofs/redeem',
      'RedeemBody',
      'RedeemedProofDto',
      common('200 400 408 410 413 415 429 503'),
    ],
    ['post /v1/verifications/release', 'ReleaseBody', 'ReleasedNumberDto', common('200 400 408 413 415 429 503')],
  ]);
});

it('the API document describes what a start of a verification takes', () => {
  const { parameters, responses } = api.paths['/v1/verifications']!.post!;
  expect(parameters.map(({ name, in: place }) => [place, name])).toEqual([['header', 'Idempotency-Key']]);
  expect(JSON.stringify(responses['422'])).toContain('VERIFY_KEY_REUSED');
  const { properties } = api.components.schemas['BackendStartBody']!;
  expect(Object.keys(properties ?? {}).sort()).toEqual(
    [
      'binding',
      'challenge',
      'client',
      'country',
      'decoy',
      'locale',
      'purpose',
      'session',
      'source',
      'tenant',
      'to',
    ].sort(),
  );
});

it('the API document describes the queries of the guard', () => {
  const names = (path: string) => api.paths[`/v1/verifications/guard${path}`]!.get!.parameters.map(({ name }) => name);
  expect(names('')).toEqual([]);
  expect(names('/decisions')).toEqual(['since', 'rule', 'country', 'limit']);
  expect(names('/alarms')).toEqual(['since']);
});

it('the API document describes the headers of responses', () => {
  const headers = (path: string, status: string) =>
    Object.keys(api.paths[path]!.post!.responses[status]!.headers ?? {});
  expect(headers('/v1/messages', '201')).toEqual(['Location']);
  expect(headers('/v1/messages', '202')).toEqual(['Location', 'Preference-Applied']);
  expect(headers('/v1/messages', '429')).toEqual(['Retry-After']);
  expect(headers('/v1/campaigns', '201')).toEqual(['Location']);
  expect(headers('/v1/verifications', '201')).toEqual(['Location', 'Retry-After']);
  expect(headers('/v1/verifications', '200')).toEqual(['Retry-After']);
  expect(headers('/v1/verifications', '429')).toEqual(['Retry-After']);
  expect(headers('/v1/verifications', '503')).toEqual(['Retry-After']);
});

it('the API document has no query values for a new campaign, because the page would send them with JSON', () => {
  const offered = api.paths['/v1/campaigns']!.post!.parameters.flatMap(({ in: place, schema }) =>
    place === 'query' && ('example' in schema || 'default' in schema) ? [schema] : [],
  );
  expect(offered).toEqual([]);
});

it('the service accepts every example of a body, as the page sends it', async () => {
  const message = (await service.send(MESSAGE)).headers.get('location')!.split('/').at(-1)!;
  const campaign = await service.post('/v1/campaigns?name=a&content=b&sendAt=2099-01-31T09:00:00Z', '91856321412', {
    'Content-Type': 'text/csv',
  });
  const verification = await service.post('/v1/verifications', { to: '+44 7400 923456', purpose: 'sign-in' });
  const asked = operations().flatMap(({ name, method, path, operation }) =>
    Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, media]) =>
      examplesOf(media).map((example) => ({ name, method, path, type, example })),
    ),
  );
  const answers: unknown[] = [];
  for (const { name, method, path, type, example } of asked) {
    const id = path.startsWith('/v1/messages')
      ? message
      : path.startsWith('/v1/campaigns')
        ? campaign.body.id
        : verification.body.id;
    const place = path.replace('{id}', id);
    const query = path === '/v1/campaigns' && type !== 'application/json' ? '?name=spring&content=hello' : '';
    // Of a type with "json" in its name, the page writes texts as JSON.
    const isText = typeof example === 'string' && !type.includes('json');
    const { status } = await service.ask(place + query, {
      method: method.toUpperCase(),
      body: isText ? example : JSON.stringify(example),
      headers: { 'Content-Type': type },
    });
    answers.push([name, type, status]);
  }
  expect(answers).toEqual([
    ...['block', 'block', 'allow', 'release', 'release'].map((it) => [
      `post /v1/verifications/guard/${it}`,
      'application/json',
      200,
    ]),
    ['put /v1/verifications/guard/list', 'application/json', 200],
    ['put /v1/verifications/guard/list', 'application/json', 200],
    ['post /v1/verifications', 'application/json', 201],
    ['post /v1/verifications', 'application/json', 201],
    ['post /v1/verifications', 'application/json', 201],
    ['post /v1/verifications', 'application/json', 201],
    // They are valid; there is no such code and no such proof, and the message was just sent.
    ['post /v1/verifications/{id}/check', 'application/json', 422],
    ['post /v1/verifications/{id}/resend', 'application/json', 429],
    ['post /v1/verifications/{id}/cancel', 'application/json', 200],
    ['post /v1/verifications/proofs/redeem', 'application/json', 410],
    ['post /v1/verifications/release', 'application/json', 200],
    ['post /v1/api-keys', 'application/json', 201],
    ['post /v1/messages', 'application/json', 201],
    ['post /v1/messages', 'application/json', 201],
    ['post /v1/messages', 'application/json', 202],
    ['post /v1/messages', 'application/json', 202],
    ['post /v1/messages/{id}/resolve', 'application/json', 200],
    ['post /v1/campaigns', 'application/json', 201],
    ['post /v1/campaigns', 'text/csv', 201],
    ['post /v1/campaigns', 'application/x-ndjson', 201],
    ['post /v1/campaigns/{id}/resolve', 'application/json', 200],
    ['post /v1/inbound/search', 'application/json', 200],
    // It is valid; there is no such message.
    ['post /v1/inbound/{id}/review', 'application/json', 404],
    ['post /v1/opt-outs', 'application/json', 201],
    ['post /v1/opt-outs', 'application/json', 201],
    ['post /v1/opt-outs', 'text/csv', 200],
    ['post /v1/opt-outs', 'application/x-ndjson', 200],
    ['post /v1/opt-outs/search', 'application/json', 200],
    ['post /v1/opt-outs/check', 'application/json', 200],
    ['post /v1/opt-outs/end', 'application/json', 200],
    ['post /v1/account/resume', 'application/json', 200],
  ]);
  const { campaigns } = (await service.get('/v1/campaigns?limit=2')).body;
  const uploaded = campaigns.map(({ id }) => service.get(`/v1/campaigns/${id}`));
  expect((await Promise.all(uploaded)).map(({ body }) => body.progress)).toMatchObject([
    { total: 1, invalid: 0 },
    { total: 2, invalid: 0 },
  ]);
});

/** The examples that are given, and the one that the properties make. */
function examplesOf({ schema, example, examples = {} }: Media): unknown[] {
  const whole = schemaOf(schema);
  const given = [...Object.values(examples).map(({ value }) => value), example, whole.example];
  const properties = Object.entries(whole.properties ?? {});
  const made = properties.every(([, one]) => one.example !== undefined)
    ? Object.fromEntries(properties.map(([name, one]) => [name, one.example]))
    : undefined;
  const isObject = properties.length > 0;
  return [...given, isObject ? made : undefined].filter((one) => one !== undefined);
}
