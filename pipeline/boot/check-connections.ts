import { type ClickhouseConfig, clientAddress } from "../../platform/clickhouse/settings.ts";
import { type RegistryConfig, registryAddress } from "../../platform/codec/registry-settings.ts";
import { type KafkaConfig, kafkaConnection } from "../../platform/kafka/connection-settings.ts";
import { silentLog } from "../../platform/log/log.ts";

/**
 * For `--check`: whether the settings of connections go together, and the files that they name can be used. Nobody is connected to.
 * @throws SluiceError `CONFIG_INVALID`, `TLS_INVALID` (permanent) naming the setting
 */
export function checkConnections(config: KafkaConfig & RegistryConfig & Partial<ClickhouseConfig>): void {
  kafkaConnection(config, "", silentLog);
  registryAddress(config);
  const { clickhouseUrl, clickhouseUser, clickhouseDatabase } = config;
  if (clickhouseUrl === undefined || clickhouseUser === undefined || clickhouseDatabase === undefined) return;
  clientAddress({ ...config, clickhouseUrl, clickhouseUser, clickhouseDatabase });
}
