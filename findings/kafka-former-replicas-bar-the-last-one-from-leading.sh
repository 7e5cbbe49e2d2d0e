#!/usr/bin/env bash
# Apache Kafka 4.1.1 (org.apache.kafka:kafka_2.13), KRaft, as it is formatted by default, which means with eligible leader replicas. A partition with three
# replicas and min.insync.replicas=2 is left to broker 4 alone, by kafka-reassign-partitions. Then broker 4 is killed (SIGKILL) and started again.
#
# Expected: without broker 4 the partition has no leader; some seconds after its start broker 4 leads it again, as it does a partition that has had one replica from
# the beginning. It is the only replica, and nothing can be lost by it.
# Seen: it never has a leader again. kafka-topics shows `Elr: 2,3`, brokers that have been no replicas since the reassignment, and `LastKnownElr: 4`: a last known
# leader is only taken where no replica is eligible, and these two never can lead. After SIGTERM in place of SIGKILL it leads again.
# kafka-leader-election.sh --election-type unclean brings it back.
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>4.1.1</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka-tools</artifactId>
      <version>4.1.1</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars
kafka() { java -Xmx256m -cp "jars/*" "$@"; }
topics() { kafka org.apache.kafka.tools.TopicCommand --bootstrap-server 127.0.0.1:29392 "$@" 2>/dev/null; }

base="controller.quorum.voters=1@127.0.0.1:29391
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
min.insync.replicas=2
offsets.topic.replication.factor=1"
printf '%s\n' "$base" process.roles=controller node.id=1 listeners=CONTROLLER://127.0.0.1:29391 "log.dirs=$folder/1" > 1.properties
for n in 2 3 4; do
  printf '%s\n' "$base" process.roles=broker node.id=$n listeners=PLAINTEXT://127.0.0.1:2939$n "log.dirs=$folder/$n" > $n.properties
done
for n in 1 2 3 4; do
  kafka kafka.tools.StorageTool format -t MDEyMzQ1Njc4OWFiY2RlZg -c $n.properties > /dev/null 2>&1
  java -Xmx256m -cp "jars/*" kafka.Kafka $n.properties > $n.log 2>&1 &
  pids[$n]=$!
done
until topics --list > /dev/null; do sleep 2; done
sleep 10

topics --create --topic t --replica-assignment 4:2:3
echo '{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[4]}]}' > left.json
kafka org.apache.kafka.tools.reassign.ReassignPartitionsCommand --bootstrap-server 127.0.0.1:29392 --reassignment-json-file left.json --execute > /dev/null 2>&1
until topics --describe --topic t | grep -q 'Replicas: 4[[:space:]]'; do sleep 1; done
topics --describe --topic t | grep 'Partition: 0'

kill -9 "${pids[4]}"
sleep 25
java -Xmx256m -cp "jars/*" kafka.Kafka 4.properties > 4.log 2>&1 &
pids[4]=$!
until (echo > /dev/tcp/127.0.0.1/29394) 2> /dev/null; do sleep 1; done
sleep 30
after=$(topics --describe --topic t | grep 'Partition: 0')
echo "$after"
grep -q 'Leader: none' <<< "$after"
grep -q 'Replicas: 4[[:space:]]' <<< "$after"
grep -qE 'Elr: (2,3|3,2)[[:space:]]' <<< "$after"
echo "as described: the only replica is up, and nobody leads"
