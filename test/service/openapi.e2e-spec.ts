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
      'get /health',
      'get /health/live',
    ].sort(),
  );
});

it('the API document gives every property its type', () => {
  const wrong = Object.entries(api.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties).flatMap(([property, schema]) => {
      const inner = [schema, ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
      const isObject = inner.some(({ type, properties: own }) => type === 'object' && own === undefined);
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

it('the API document describes the headers of responses', () => {
  const headers = (path: string, status: string) =>
    Object.keys(api.paths[path]!.post!.responses[status]!.headers ?? {});
  expect(headers('/v1/messages', '201')).toEqual(['Location']);
  expect(headers('/v1/messages', '202')).toEqual(['Location', 'Preference-Applied']);
  expect(headers('/v1/messages', '429')).toEqual(['Retry-After']);
  expect(headers('/v1/campaigns', '201')).toEqual(['Location']);
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
  const asked = operations().flatMap(({ name, path, operation }) =>
    Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, media]) =>
      examplesOf(media).map((example) => ({ name, path, type, example })),
    ),
  );
  const answers: unknown[] = [];
  for (const { name, path, type, example } of asked) {
    const place = path.replace('{id}', path.startsWith('/v1/messages') ? message : campaign.body.id);
    const query = path === '/v1/campaigns' && type !== 'application/json' ? '?name=spring&content=hello' : '';
    // Of a type with "json" in its name, the page writes texts as JSON.
    const isText = typeof example === 'string' && !type.includes('json');
    const { status } = await service.post(place + query, isText ? example : JSON.stringify(example), {
      'Content-Type': type,
    });
    answers.push([name, type, status]);
  }
  expect(answers).toEqual([
    ['post /v1/messages', 'application/json', 201],
    ['post /v1/messages', 'application/json', 201],
    ['post /v1/messages', 'application/json', 202],
    ['post /v1/messages', 'application/json', 202],
    ['post /v1/messages/{id}/resolve', 'application/json', 200],
    ['post /v1/campaigns', 'application/json', 201],
    ['post /v1/campaigns', 'text/csv', 201],
    ['post /v1/campaigns', 'application/x-ndjson', 201],
    ['post /v1/campaigns/{id}/resolve', 'application/json', 200],
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
