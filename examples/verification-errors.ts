import { Catch, HttpException, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { VerificationError } from 'nestjs-laaffic-verify';

@Catch(VerificationError)
export class VerificationErrors extends BaseExceptionFilter {
  override catch(error: VerificationError, host: ArgumentsHost): void {
    const { code, message, field, retryAfterSeconds, httpStatus } = error;
    super.catch(new HttpException({ code, message, field, retryAfterSeconds }, httpStatus), host);
  }
}
