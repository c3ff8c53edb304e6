import { createParamDecorator, Injectable, type PipeTransform } from '@nestjs/common';
import type { AddressedRequest } from 'nestjs-laaffic';
import { ClientSources } from './client-sources.js';
import { httpRequestOf } from './verification-request.js';

/** A pipe, because a parameter decorator alone cannot reach the options of the module. */
@Injectable()
class ClientSourcePipe implements PipeTransform<AddressedRequest, string | undefined> {
  constructor(private readonly sources: ClientSources) {}

  transform(request: AddressedRequest): string | undefined {
    return this.sources.of(request);
  }
}

const SourceRequest = createParamDecorator((_: unknown, context) => httpRequestOf(context, '@ClientSource()'));

/**
 * The address of the visitor, for `source`. The option `trustProxy` says how many proxies are in front of the app. It is
 * `undefined` if the request came through fewer of them.
 * @example
 * @Post()
 * start(@Body() command: StartVerificationCommand, @ClientSource() source: string | undefined) {
 *   return this.verification.start(command, { source });
 * }
 */
export function ClientSource(): ParameterDecorator {
  return SourceRequest(ClientSourcePipe);
}
