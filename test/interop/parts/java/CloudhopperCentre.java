import com.cloudhopper.smpp.*;
import com.cloudhopper.smpp.impl.DefaultSmppServer;
import com.cloudhopper.smpp.impl.DefaultSmppSessionHandler;
import com.cloudhopper.smpp.pdu.*;
import com.cloudhopper.smpp.tlv.Tlv;
import com.cloudhopper.smpp.type.Address;
import com.cloudhopper.smpp.util.DeliveryReceipt;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.joda.time.DateTime;
import org.joda.time.DateTimeZone;

/**
 * A message centre on Cloudhopper's server, with Cloudhopper's receipt text and receipted_message_id and message_state beside
 * it: `java CloudhopperCentre PORT`. It answers a little later and says how many requests stood open at the most.
 */
public class CloudhopperCentre extends Centre {
  private static final int ANSWER_AFTER_MS = 20;
  private final AtomicInteger open = new AtomicInteger();
  private volatile SmppServerSession session;

  public static void main(String[] arguments) throws Exception {
    new CloudhopperCentre().run(Integer.parseInt(arguments[0]));
  }

  @Override
  void listen(int port) throws Exception {
    SmppServerConfiguration configuration = new SmppServerConfiguration();
    configuration.setHost("127.0.0.1");
    configuration.setPort(port);
    configuration.setMaxConnectionSize(10);
    configuration.setNonBlockingSocketsEnabled(true);
    configuration.setDefaultWindowSize(100);
    new DefaultSmppServer(configuration, new SmppServerHandler() {
      @Override
      public void sessionBindRequested(Long id, SmppSessionConfiguration session, BaseBind bind) {}

      @Override
      public void sessionCreated(Long id, SmppServerSession created, BaseBindResp response) {
        session = created;
        open.set(0);
        created.serverReady(new Requests(created));
        say("{\"event\":\"bound\"}");
      }

      @Override
      public void sessionDestroyed(Long id, SmppServerSession destroyed) {
        destroyed.destroy();
      }
    }, Executors.newCachedThreadPool()).start();
  }

  @Override
  int deliver(String from, String to, int esmClass, int dataCoding, byte[] octets) throws Exception {
    DeliverSm message = new DeliverSm();
    message.setSourceAddress(new Address((byte) 1, (byte) 1, from));
    message.setDestAddress(new Address((byte) 0, (byte) 1, to));
    message.setEsmClass((byte) esmClass);
    message.setDataCoding((byte) dataCoding);
    message.setShortMessage(octets);
    var answer = session.sendRequestPdu(message, 5_000, true);
    answer.await();
    return answer.getResponse().getCommandStatus();
  }

  private final class Requests extends DefaultSmppSessionHandler {
    private final SmppServerSession source;

    Requests(SmppServerSession source) {
      this.source = source;
    }

    @Override
    public PduResponse firePduRequestReceived(PduRequest request) {
      PduResponse response = request.createResponse();
      if (!(request instanceof SubmitSm)) return response;
      SubmitSm submit = (SubmitSm) request;
      if (refusesNext()) {
        response.setCommandStatus(SmppConstants.STATUS_THROTTLED);
        return response;
      }
      say("{\"event\":\"open\",\"count\":" + open.incrementAndGet() + "}");
      later.schedule(() -> accept(submit, (SubmitSmResp) response), ANSWER_AFTER_MS, TimeUnit.MILLISECONDS);
      return null;
    }

    private void accept(SubmitSm submit, SubmitSmResp response) {
      String id = String.valueOf(5_000_000_000L + nextId());
      saySubmit(id, submit.getSourceAddress().getAddress(), submit.getDestAddress().getAddress(), submit.getEsmClass(),
          submit.getDataCoding(), submit.getShortMessage());
      response.setMessageId(id);
      open.decrementAndGet();
      try {
        source.sendResponsePdu(response);
      } catch (Exception error) {
        System.err.println("answer of " + id + ": " + error);
      }
      later.schedule(() -> sendReceipt(submit, id), RECEIPT_AFTER_MS, TimeUnit.MILLISECONDS);
    }

    private void sendReceipt(SubmitSm submit, String id) {
      DateTime now = new DateTime(DateTimeZone.UTC);
      DeliveryReceipt receipt = new DeliveryReceipt(id, 1, 1, now, now, SmppConstants.STATE_DELIVERED, 0, "-");
      DeliverSm message = new DeliverSm();
      message.setEsmClass(SmppConstants.ESM_CLASS_MT_SMSC_DELIVERY_RECEIPT);
      message.setSourceAddress(submit.getDestAddress());
      message.setDestAddress(submit.getSourceAddress());
      try {
        message.setShortMessage(receipt.toShortMessage().getBytes(StandardCharsets.ISO_8859_1));
        message.setOptionalParameter(new Tlv(SmppConstants.TAG_RECEIPTED_MSG_ID, (id + "\0").getBytes(StandardCharsets.ISO_8859_1)));
        message.setOptionalParameter(new Tlv(SmppConstants.TAG_MSG_STATE, new byte[] {SmppConstants.STATE_DELIVERED}));
        source.sendRequestPdu(message, 5_000, false);
      } catch (Exception error) {
        System.err.println("receipt of " + id + ": " + error);
      }
    }
  }
}
