"""Which node kinds this installation runs, set up as the settings say."""

from __future__ import annotations

from typing import cast

from orrery.retrieval.extraction.in_thread import extract_in_thread
from orrery.retrieval.extraction.protocol import Extract
from orrery.settings.groups.canvas import Canvas
from orrery.settings.load import Settings
from orrery.workflow.check import EditorLimits
from orrery.workflow.node import Node
from orrery.workflow.nodes.agent import AgentNode
from orrery.workflow.nodes.document_extractor import DocumentExtractorNode
from orrery.workflow.nodes.http_data import HttpNodeOptions
from orrery.workflow.nodes.http_request import HttpRequestNode
from orrery.workflow.nodes.llm import LlmNode
from orrery.workflow.nodes.llm_data import ModelNodeOptions
from orrery.workflow.nodes.parameter_extractor import ParameterExtractorNode
from orrery.workflow.nodes.question_classifier import QuestionClassifierNode
from orrery.workflow.registry import NodeRegistry


def node_registry(settings: Settings, documents: Extract = extract_in_thread) -> NodeRegistry:
    """The built-in kinds, with the limits of this installation; ``documents`` takes the text out of files."""
    node, upload = settings.http_node, settings.upload
    http = HttpNodeOptions(
        max_connect_timeout=node.max_connect_timeout,
        max_read_timeout=node.max_read_timeout,
        max_write_timeout=node.max_write_timeout,
        max_text_bytes=node.max_text_bytes,
        max_binary_bytes=node.max_binary_bytes,
        ssl_verify=node.tls_verify,
    )
    model = ModelNodeOptions(media_format=upload.multimodal_format)
    return NodeRegistry().extended(
        {
            "http-request": {"1": HttpRequestNode.configured(http)},
            "document-extractor": {"1": DocumentExtractorNode.configured(documents)},
            "llm": {"1": LlmNode.configured(model)},
            "question-classifier": {"1": QuestionClassifierNode.configured(model)},
            "parameter-extractor": {"1": ParameterExtractorNode.configured(model)},
            # The engine gives every node its own, larger context; agents use more of it than `Node` promises.
            "agent": {"1": cast("type[Node]", AgentNode.configured(model))},
        }
    )


def editor_limits(canvas: Canvas) -> EditorLimits:
    """What the examination of apps tells as too large to draw."""
    return EditorLimits(
        loop_count=canvas.loop_count,
        tools=canvas.tools,
        parallel_branches=canvas.parallel_branches,
        agent_iterations=canvas.agent_iterations,
        tree_depth=canvas.tree_depth,
    )
