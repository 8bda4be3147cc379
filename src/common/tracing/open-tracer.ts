import { NoTracer, type Tracer } from './tracer.js';
import { readTraceSettings } from './trace-settings.js';

/** The tracer that the environment asks for. Nothing of OpenTelemetry is loaded where it asks for none. @throws StartError */
export async function openTracer(environment: NodeJS.ProcessEnv): Promise<Tracer> {
  const settings = readTraceSettings(environment);
  if (settings === undefined) return new NoTracer();
  const { OtelTracer } = await import('./otel-tracer.js');
  return OtelTracer.open(settings);
}
