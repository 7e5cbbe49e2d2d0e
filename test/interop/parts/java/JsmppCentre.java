import java.util.Date;
import java.util.concurrent.TimeUnit;
import org.jsmpp.SMPPConstant;
import org.jsmpp.bean.*;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.session.*;
import org.jsmpp.util.DeliveryReceiptState;
import org.jsmpp.util.MessageId;

/** A message centre on jSMPP's server session, with jSMPP's own receipt text: `java JsmppCentre PORT`. */
public class JsmppCentre extends Centre implements ServerMessageReceiverListener {
  private volatile SMPPServerSession session;

  public static void main(String[] arguments) throws Exception {
    new JsmppCentre().run(Integer.parseInt(arguments[0]));
  }

  @Override
  void listen(int port) throws Exception {
    SMPPServerSessionListener listener = new SMPPServerSessionListener(port);
    Thread accepting = new Thread(() -> {
      while (true) {
        try {
          SMPPServerSession accepted = listener.accept();
          accepted.setMessageReceiverListener(this);
          BindRequest bind = accepted.waitForBind(5_000);
          accepted.setInterfaceVersion(InterfaceVersion.IF_50.min(bind.getInterfaceVersion()));
          bind.accept("jsmpp", InterfaceVersion.IF_50);
          session = accepted;
          say("{\"event\":\"bound\"}");
        } catch (Exception error) {
          System.err.println(error);
        }
      }
    });
    accepting.setDaemon(true);
    accepting.start();
  }

  @Override
  int deliver(String from, String to, int esmClass, int dataCoding, byte[] octets) throws Exception {
    try {
      session.deliverShortMessage("", TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, from, TypeOfNumber.UNKNOWN,
          NumberingPlanIndicator.ISDN, to, new ESMClass(esmClass), (byte) 0, (byte) 0, new RegisteredDelivery(),
          DataCodings.newInstance((byte) dataCoding), octets);
      return 0;
    } catch (org.jsmpp.extra.NegativeResponseException refused) {
      return refused.getCommandStatus();
    }
  }

  @Override
  public SubmitSmResult onAcceptSubmitSm(SubmitSm submit, SMPPServerSession source) throws ProcessRequestException {
    if (refusesNext()) throw new ProcessRequestException("too fast", SMPPConstant.STAT_ESME_RTHROTTLED);
    String id = String.format("%08x", 0xa0000000L + nextId());
    saySubmit(id, submit.getSourceAddr(), submit.getDestAddress(), submit.getEsmClass(), submit.getDataCoding(), submit.getShortMessage());
    later.schedule(() -> sendReceipt(source, submit, id), RECEIPT_AFTER_MS, TimeUnit.MILLISECONDS);
    try {
      return new SubmitSmResult(new MessageId(id), new OptionalParameter[0]);
    } catch (org.jsmpp.PDUStringException error) {
      throw new IllegalStateException(error);
    }
  }

  private void sendReceipt(SMPPServerSession source, SubmitSm submit, String id) {
    byte[] head = submit.getShortMessage();
    DeliveryReceipt receipt = new DeliveryReceipt(id, 1, 1, new Date(), new Date(), DeliveryReceiptState.DELIVRD, "000",
        new String(head, 0, Math.min(20, head.length), java.nio.charset.StandardCharsets.ISO_8859_1));
    try {
      source.deliverShortMessage("mc", TypeOfNumber.valueOf(submit.getDestAddrTon()),
          NumberingPlanIndicator.valueOf(submit.getDestAddrNpi()), submit.getDestAddress(),
          TypeOfNumber.valueOf(submit.getSourceAddrTon()), NumberingPlanIndicator.valueOf(submit.getSourceAddrNpi()),
          submit.getSourceAddr(), new ESMClass(MessageMode.DEFAULT, MessageType.SMSC_DEL_RECEIPT, GSMSpecificFeature.DEFAULT),
          (byte) 0, (byte) 0, new RegisteredDelivery(0), DataCodings.ZERO, receipt.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    } catch (Exception error) {
      System.err.println("receipt of " + id + ": " + error);
    }
  }

  @Override
  public SubmitMultiResult onAcceptSubmitMulti(SubmitMulti submit, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public QuerySmResult onAcceptQuerySm(QuerySm query, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public void onAcceptReplaceSm(ReplaceSm replace, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public void onAcceptCancelSm(CancelSm cancel, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public BroadcastSmResult onAcceptBroadcastSm(BroadcastSm broadcast, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public void onAcceptCancelBroadcastSm(CancelBroadcastSm cancel, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public QueryBroadcastSmResult onAcceptQueryBroadcastSm(QueryBroadcastSm query, SMPPServerSession source) throws ProcessRequestException {
    throw notOffered();
  }

  @Override
  public DataSmResult onAcceptDataSm(DataSm data, Session source) throws ProcessRequestException {
    throw notOffered();
  }

  private static ProcessRequestException notOffered() {
    return new ProcessRequestException("not offered", SMPPConstant.STAT_ESME_RINVCMDID);
  }
}
