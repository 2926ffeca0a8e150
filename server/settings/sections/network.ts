import { Secret } from "../../secrets/mod.ts";
import type { NetworkSettings } from "../settings.ts";
import type { Values } from "../values.ts";
import type { Files } from "./files.ts";

/** The ways out: proxies, trust, the client certificate. */
export function networkSettings(values: Values, files: Files): NetworkSettings {
  const everywhere = values.get("HTTP_PROXY_URL");
  const otherwise = values.get("ALL_PROXY");
  const ca = files.read("CA_FILE", "a readable PEM file with certificates", isCertificate);
  return {
    httpProxy: everywhere ?? values.get("HTTP_PROXY") ?? otherwise,
    httpsProxy: everywhere ?? values.get("HTTPS_PROXY") ?? otherwise,
    noProxy: values.get("NO_PROXY") ?? [],
    connectionTimeout: values.get("CONNECTION_TIMEOUT"),
    caCertificates: ca === null ? [] : [ca],
    clientCertificate: clientCertificate(values, files),
  };
}

function clientCertificate(values: Values, files: Files): NetworkSettings["clientCertificate"] {
  const certificate = files.read("CLIENT_CERT_FILE", "a readable PEM file with a certificate", isCertificate);
  const key = files.read("CLIENT_KEY_FILE", "a readable PEM file with a private key, not encrypted", isPlainKey);
  if (values.isSet("CLIENT_CERT_FILE")) values.require("CLIENT_KEY_FILE", "the key of CLIENT_CERT_FILE");
  if (values.isSet("CLIENT_KEY_FILE")) values.require("CLIENT_CERT_FILE", "the certificate of CLIENT_KEY_FILE");
  return certificate === null || key === null ? null : { certificate, key: new Secret(key) };
}

/** What is cut short or is no base64 would be left out without a word, or fail at the first connection. */
function isCertificate(text: string): boolean {
  const begun = text.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const whole = text.match(/-----BEGIN CERTIFICATE-----\s+M[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g)?.length ?? 0;
  return begun > 0 && begun === whole;
}

function isPlainKey(text: string): boolean {
  return /-----BEGIN (RSA |EC )?PRIVATE KEY-----/.test(text) && !text.includes("Proc-Type: 4,ENCRYPTED");
}
